// Texts in the customer's language, with the browser's own forms for numbers and times.

export class Words {
  /** @param {string} locale @param {Record<string, string>} strings */
  constructor(locale, strings) {
    this.locale = locale;
    this.strings = strings;
    this.plural = forLocale(locale, (l) => new Intl.PluralRules(l));
    this.number = forLocale(locale, (l) => new Intl.NumberFormat(l));
    // The customer's own region, where it is of the same language: 24 hours or 12.
    const region = navigator.languages.find((tag) => tag.split("-")[0] === locale.split("-")[0]) ?? locale;
    this.clock = forLocale(region, (l) => new Intl.DateTimeFormat(l, { hour: "numeric", minute: "2-digit" }));
    this.day = forLocale(
      region,
      (l) => new Intl.DateTimeFormat(l, { weekday: "long", hour: "numeric", minute: "2-digit" }),
    );
  }

  /** @param {string} key @param {Record<string, string | number>} [values] @returns {string} */
  text(key, values = {}) {
    const text = this.strings[key] ?? this.strings[`widget.${key}`] ?? "";
    return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
  }

  /** @param {string} key @param {number} n */
  count(key, n) {
    const form = `count.${key}.${this.plural.select(n)}`;
    return this.text(form in this.strings ? form : `count.${key}.other`, { n: this.number.format(n) });
  }

  /** Text of an error code. @param {string | undefined} code */
  error(code) {
    return this.text(`error.${code}`) || this.text("error.other");
  }

  /** @param {string} at */
  time(at) {
    const date = new Date(at);
    return Number.isNaN(date.getTime()) ? "" : this.clock.format(date);
  }

  /** @param {string} at */
  dayAndTime(at) {
    const date = new Date(at);
    return Number.isNaN(date.getTime()) ? "" : this.day.format(date);
  }
}

/** A browser that does not know the language speaks English. @template T @param {string} locale @param {(l: string) => T} make */
function forLocale(locale, make) {
  try {
    return make(locale);
  } catch {
    return make("en");
  }
}
