// What is asked or told beside the messages: waiting for a person, the rating at the end, deleting.

import { h, icon } from "./dom.js";

/** @typedef {import("./words.js").Words} Words */

/**
 * The wait for a person: place, time, hours, ticket, and an e-mail address to be left.
 * @param {Words} words @param {import("./conversation.js").Conversation} conversation
 * @param {import("./wire").Site} site @param {(email: string) => Promise<void>} email
 * @param {() => void} grown called when the card has become higher
 */
export function waiting(words, conversation, site, email, grown) {
  const { queue, ticket, emailed } = conversation;
  const hours = conversation.hours ?? site.hours;
  /** @type {string[]} */
  const lines = [];
  if (!hours.open) {
    lines.push(
      hours.opens_at
        ? words.text("server.hours_closed", { when: words.dayAndTime(hours.opens_at) })
        : words.text("server.hours_unknown"),
    );
  } else if (queue) {
    lines.push(words.text("position", { n: words.number.format(queue.position) }));
    if (queue.eta_s !== undefined) {
      lines.push(queue.eta_s < 60 ? words.text("soon") : words.count("minutes", Math.round(queue.eta_s / 60)));
    }
  }
  const card = h(
    "section",
    { cls: "card waiting", "aria-label": words.text("waiting") },
    h("p", { cls: "title" }, h("span", { cls: "pulse", "aria-hidden": "true" }), words.text("waiting")),
    lines.length > 0 && h("p", {}, lines.join(" · ")),
    ticket && h("p", { cls: "ticket" }, words.text("ticket", { ticket })),
  );
  if (emailed) card.append(h("p", {}, words.text("email_thanks", { email: emailed })));
  else if (site.email) card.append(emailForm(words, email, grown));
  return card;
}

/** @param {Words} words @param {(email: string) => Promise<void>} send @param {() => void} grown */
function emailForm(words, send, grown) {
  const wrong = h("p", { cls: "wrong", id: "email-wrong", role: "alert" });
  const field = /** @type {HTMLInputElement} */ (
    h("input", { type: "email", id: "email", autocomplete: "email", required: true, "aria-describedby": "email-wrong" })
  );
  const form = h(
    "form",
    { novalidate: true },
    h("p", {}, words.text("server.email_offer")),
    h("label", { for: "email" }, words.text("email")),
    h("div", { cls: "row" }, field, h("button", { cls: "second", type: "submit" }, words.text("email_send"))),
    wrong,
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const value = field.value.trim();
    if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value)) {
      wrong.textContent = words.text("email_invalid");
      field.setAttribute("aria-invalid", "true");
      field.focus();
      grown();
      return;
    }
    try {
      await send(value);
    } catch {
      wrong.textContent = words.text("error.other");
      grown();
    }
  });
  return form;
}

/**
 * @param {Words} words @param {(rating: number, comment: string) => Promise<void>} send
 * @param {() => void} grown called when the card has become higher
 */
export function rating(words, send, grown) {
  let chosen = 0;
  const wrong = h("p", { cls: "wrong", role: "alert" });
  const stars = h("div", { cls: "stars" });
  // Screen readers hear the label; this is for the eye.
  const meaning = h("p", { cls: "chosen", "aria-hidden": "true" });
  const comment = /** @type {HTMLTextAreaElement} */ (h("textarea", { id: "comment", rows: 2, maxlength: 2000 }));
  const more = h(
    "div",
    { hidden: true },
    h("label", { for: "comment" }, words.text("comment")),
    comment,
    h("button", { cls: "first", type: "submit" }, words.text("rating_send")),
  );
  for (let n = 1; n <= 5; n++) {
    const input = h("input", { type: "radio", name: "rating", value: n, id: `rating-${n}`, cls: "hidden" });
    input.addEventListener("change", () => {
      chosen = n;
      more.hidden = false;
      meaning.textContent = words.text(`rating_${n}`);
      [...stars.querySelectorAll("label")].forEach((label, at) => label.classList.toggle("on", at < n));
      grown();
    });
    const label = h("label", { for: `rating-${n}`, title: words.text(`rating_${n}`) }, /** @type {any} */ (icon("star")));
    label.append(h("span", { cls: "hidden" }, words.text(`rating_${n}`)));
    stars.append(input, label);
  }
  const form = h(
    "form",
    { cls: "card rating" },
    h("fieldset", {}, h("legend", { cls: "title" }, words.text("rating")), stars, meaning),
    more,
    wrong,
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!chosen) return;
    try {
      await send(chosen, comment.value.trim());
    } catch {
      wrong.textContent = words.text("error.other");
    }
  });
  return form;
}

/** A question before something that cannot be taken back. @param {Words} words @param {() => void} yes @param {() => void} no */
export function confirmDelete(words, yes, no) {
  return h(
    "div",
    { cls: "confirm", role: "alertdialog", "aria-modal": "true", "aria-labelledby": "delete-question" },
    h(
      "div",
      { cls: "card" },
      h("p", { id: "delete-question" }, words.text("delete_question")),
      h(
        "div",
        { cls: "row" },
        h("button", { cls: "second", type: "button", onclick: no }, words.text("cancel")),
        h("button", { cls: "danger", type: "button", onclick: yes }, words.text("delete_confirm")),
      ),
    ),
  );
}

/** Saves words as a file on the customer's machine. @param {Blob} blob @param {string} name @param {Node} near */
export function save(blob, name, near) {
  const url = URL.createObjectURL(blob);
  const link = h("a", { href: url, download: name, hidden: true });
  near.appendChild(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}
