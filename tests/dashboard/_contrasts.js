/**
 * Runs in a page, as an expression: the contrast (WCAG 2.2) of each element's own text with the colour behind it.
 */
(() => {
  const numbers = (color) => (color.match(/[\d.]+/g) ?? []).map(Number);
  const linear = (value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const luminance = (color) => {
    const [r, g, b] = numbers(color).map((value) => linear(value / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const groundOf = (element) => {
    const { backgroundColor } = getComputedStyle(element);
    if (numbers(backgroundColor)[3] !== 0) return backgroundColor;
    return element.parentElement === null ? "rgb(255, 255, 255)" : groundOf(element.parentElement);
  };
  const hasText = (element) =>
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.nodeValue.trim() !== "");
  const texts = "h1, h2, h3, p, a, th, td, span, b, label, output, button, figcaption";
  return [...document.querySelectorAll(texts)].filter(hasText).map((element) => {
    const colors = [getComputedStyle(element).color, groundOf(element)];
    const [light, dark] = colors.map(luminance).sort((a, b) => b - a);
    return { text: element.textContent, ratio: (light + 0.05) / (dark + 0.05) };
  });
})();
