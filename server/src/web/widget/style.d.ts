// The style sheet, which the server puts into the bundle as a text (http/bundle.rs).
export const STYLE: string;
