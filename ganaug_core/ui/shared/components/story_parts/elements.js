// Small helpers: every text is set as text, never as HTML.
function element(tag, className, text) {
  const made = document.createElement(tag)
  if (className) made.className = className
  if (text !== undefined) made.textContent = text
  return made
}

function canvasOf(width, height, label) {
  const canvas = element("canvas")
  canvas.width = width
  canvas.height = height
  canvas.setAttribute("role", "img")
  canvas.setAttribute("aria-label", label)
  return canvas
}
