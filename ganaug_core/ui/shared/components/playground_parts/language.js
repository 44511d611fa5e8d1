// Texts in another language: looked up with # for each number, as `lessons.translation` does it.
const NUMBERS = /(?<![\w.])-?\d+(?:,\d{3})*(?:\.\d+)?(?:e[+-]?\d+)?/g

function inWords(data, text) {
  const said = data.texts?.[text.replace(NUMBERS, "#")]
  if (!said) return text
  const numbers = text.match(NUMBERS) ?? []
  return said.replace(/#(\d+)/g, (_, place) => numbers[place - 1])
}

// what stands in the page from the beginning
function translate(root, data) {
  if (!Object.keys(data.texts ?? {}).length) return
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
  while (walker.nextNode()) {
    const text = walker.currentNode.data.replace(/\s+/g, " ").trim()
    if (text) walker.currentNode.data = walker.currentNode.data.replace(/\S[^]*\S|\S/, inWords(data, text))
  }
  for (const element of root.querySelectorAll("[aria-label]"))
    element.setAttribute("aria-label", inWords(data, element.getAttribute("aria-label")))
}
