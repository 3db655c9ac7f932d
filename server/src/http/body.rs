//! Request bodies: JSON within a size and a time, with errors that name what is wrong.
//!
//! Replaces the framework's own extractor, whose errors name neither field nor limit.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Bytes, BytesMut, Payload};
use actix_web::{FromRequest, HttpRequest, dev, web};
use futures::StreamExt;
use serde::de::DeserializeOwned;

use super::State;
use super::error::{Code, Problem};

/// A body that was read and parsed.
pub(super) struct JsonBody<T>(pub(super) T);

impl<T: DeserializeOwned + 'static> FromRequest for JsonBody<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let limits = request
            .app_data::<web::Data<State>>()
            .map(|state| (state.settings.max_body_bytes, state.settings.request_timeout()));
        let announced = request
            .headers()
            .get("content-length")
            .and_then(|v| v.to_str().ok())
            .and_then(|v| v.parse::<u64>().ok());
        let media_type = media_type(request);
        let body = Payload::from_request(request, payload);
        Box::pin(async move {
            let (limit, timeout) =
                limits.ok_or_else(|| Problem::internal(&"the application state is missing"))?;
            media_type?;
            if announced.is_some_and(|bytes| bytes > limit as u64) {
                return Err(too_large(limit));
            }
            let body = body.await.map_err(|e| Problem::internal(&e))?;
            let bytes = tokio::time::timeout(timeout, read(body, limit))
                .await
                .map_err(|_| late(timeout))??;
            parse(&bytes).map(Self)
        })
    }
}

/// A form that was read and parsed, within the time of a body.
pub(super) struct FormBody<T>(pub(super) T);

impl<T: DeserializeOwned + 'static> FromRequest for FormBody<T> {
    type Error = actix_web::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, actix_web::Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let state = request.app_data::<web::Data<State>>();
        let timeout = state.map(|state| state.settings.request_timeout());
        let form = web::Form::<T>::from_request(request, payload);
        Box::pin(async move {
            let missing = || Problem::internal(&"the application state is missing");
            let timeout = timeout.ok_or_else(missing)?;
            let form = tokio::time::timeout(timeout, form).await.map_err(|_| late(timeout))??;
            Ok(Self(form.into_inner()))
        })
    }
}

fn late(timeout: Duration) -> Problem {
    let detail = format!("the body was not complete after {} ms", timeout.as_millis());
    Problem::new(Code::RequestTimeout, detail)
}

fn media_type(request: &HttpRequest) -> Result<(), Problem> {
    let value = request.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let json = essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"));
    if json {
        return Ok(());
    }
    let sent =
        if essence.is_empty() { "no Content-Type".to_owned() } else { format!("{essence:?}") };
    Err(Problem::new(Code::UnsupportedMediaType, format!("the request has {sent}")))
}

async fn read(mut body: Payload, limit: usize) -> Result<Bytes, Problem> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = body.next().await {
        let chunk = chunk
            .map_err(|_| Problem::new(Code::MalformedJson, "the body broke off before its end"))?;
        if bytes.len() + chunk.len() > limit {
            return Err(too_large(limit));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

fn too_large(limit: usize) -> Problem {
    Problem::new(Code::BodyTooLarge, format!("at most {limit} bytes are read"))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|e| {
        // The message ends with line and column.
        let code = if e.is_data() { Code::InvalidField } else { Code::MalformedJson };
        Problem::new(code, e.to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::dto::AskRequest;

    fn problem(body: &str) -> Problem {
        parse::<AskRequest>(body.as_bytes()).unwrap_err()
    }

    #[test]
    fn errors_name_place_or_field() {
        let broken = problem("{\n \"question\": }");
        assert_eq!(broken.code, Code::MalformedJson);
        assert!(broken.detail.contains("line 2 column 14"), "{}", broken.detail);
        for (body, named) in [
            (r#"{"question":"a","mood":1}"#, "`mood`"),
            (r#"{"locale":"en"}"#, "`question`"),
            (r#"{"question":5}"#, "integer `5`"),
        ] {
            let wrong = problem(body);
            assert_eq!(wrong.code, Code::InvalidField);
            assert!(wrong.detail.contains(named), "{}", wrong.detail);
        }
        assert_eq!(problem("").code, Code::MalformedJson);
    }
}
