// What the page says to a person, in the language it was made in.
const words = JSON.parse(document.getElementById("telephone").dataset.words);

export function say(name, filled = {}) {
  return words[name]?.replace(/\{(\w+)\}/g, (_, place) => filled[place] ?? "");
}
