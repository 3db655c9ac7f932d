// The company's colour, made readable: the text upon it, and a shade of it that stands out from the
// ground of the theme (WCAG 2.2: 4.5:1).

/** @param {string} hex @returns {number[] | undefined} */
function channels(hex) {
  const found = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(hex.trim());
  return found ? found.slice(1).map((part) => parseInt(part, 16)) : undefined;
}

/** @param {number[]} rgb */
function luminance(rgb) {
  const [r, g, b] = rgb.map((c) => {
    const part = c / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** @param {number[]} a @param {number[]} b */
export function contrast(a, b) {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

/** @param {number[]} rgb */
const css = (rgb) => `rgb(${rgb.map(Math.round).join(" ")})`;

/**
 * @param {string} accent @param {boolean} dark
 * @returns {{ accent: string, on: string, ink: string }} the colour, text upon it, the colour as text
 */
export function shades(accent, dark) {
  const own = channels(accent) ?? [15, 107, 87];
  const ground = dark ? [38, 46, 43] : [238, 243, 241];
  const white = [255, 255, 255];
  const black = [12, 20, 17];
  const on = contrast(own, white) >= 4.5 ? white : black;
  let shade = own;
  let fill = own;
  // A middle tone that neither white nor black stands out from is darkened.
  for (let i = 0; i < 20 && contrast(fill, on) < 4.5; i++) fill = mix(fill, on === white ? black : white);
  for (let i = 0; i < 40 && contrast(shade, ground) < 4.7; i++) shade = mix(shade, dark ? white : black);
  return { accent: css(fill), on: css(on), ink: css(shade) };
}

/** @param {number[]} rgb @param {number[]} towards */
const mix = (rgb, towards) => rgb.map((c, i) => c + (towards[i] - c) * 0.06);
