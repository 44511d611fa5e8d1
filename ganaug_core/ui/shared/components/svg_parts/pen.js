// What is drawn on canvases as one SVG: while it is saved, each canvas has a pen that writes marks instead of pixels.
const SVG = "http://www.w3.org/2000/svg"

// canvases, and short texts beside them, where they lie in `root`; `draw` draws them all, with `canvas.pen` where there is one
function asSvg(root, draw, texts) {
  const frame = root.getBoundingClientRect()
  const canvases = [...root.querySelectorAll("canvas")].filter((canvas) => canvas.clientWidth)
  for (const canvas of canvases) canvas.pen = svgPen()
  draw()
  const parts = canvases.map((canvas) => {
    const marks = canvas.pen.marks.join("")
    delete canvas.pen
    const box = canvas.getBoundingClientRect()
    const ground = getComputedStyle(canvas).backgroundColor
    const size = `width="${canvas.clientWidth}" height="${canvas.clientHeight}"`
    return `<svg x="${box.left - frame.left}" y="${box.top - frame.top}" ${size}><rect ${size} fill="${ground}"/>${marks}</svg>`
  })
  draw()
  const words = [...root.querySelectorAll(texts)].flatMap(textNodes).map((node) => wordOf(node, frame))
  const size = `width="${frame.width}" height="${frame.height}"`
  const ground = `<rect ${size} fill="${groundOf(root)}"/>`
  const family = escaped(getComputedStyle(root).fontFamily)
  return `<svg xmlns="${SVG}" ${size} font-family="${family}">${ground}${parts.join("")}${words.join("")}</svg>`
}

function textNodes(element) {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT)
  const nodes = []
  while (walker.nextNode()) if (!walker.currentNode.parentElement.closest("button")) nodes.push(walker.currentNode)
  return nodes
}

function wordOf(node, frame) {
  const range = document.createRange()
  range.selectNodeContents(node)
  const box = range.getClientRects()[0]
  if (!box || !node.textContent.trim()) return ""
  const { fontSize, fontWeight, color } = getComputedStyle(node.parentElement)
  const place = `x="${box.left - frame.left}" y="${box.top - frame.top + 0.8 * box.height}"`
  const size = `font-size="${fontSize}" textLength="${box.width}" lengthAdjust="spacingAndGlyphs"` // whatever font there is
  return `<text ${place} ${size} font-weight="${fontWeight}" fill="${color}">${escaped(node.textContent)}</text>`
}

function saveSvg(name, svg) {
  const link = document.createElement("a")
  link.href = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }))
  link.download = `${name}.svg`
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 1000)
}

// the colour behind an element: its own, or that of what it lies on
function groundOf(element) {
  for (let one = element; one; one = one.parentElement ?? one.getRootNode().host) {
    const colour = getComputedStyle(one).backgroundColor
    if (colour !== "rgba(0, 0, 0, 0)") return colour
  }
  return "#fff"
}

function escaped(text) {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/"/g, "&quot;")
}

// the part of CanvasRenderingContext2D that our figures use
function svgPen() {
  const marks = []
  const round = (number) => Math.round(100 * number) / 100
  let path = ""
  let dash = []
  const clips = []
  const line = () => `fill="none" stroke="${pen.strokeStyle}" stroke-width="${pen.lineWidth}" stroke-dasharray="${dash.join(" ")}"`
  const faint = () => (pen.globalAlpha < 1 ? ` opacity="${pen.globalAlpha}"` : "")
  const point = (letter, x, y) => (path += `${path ? letter : "M"}${round(x)} ${round(y)}`)
  const pen = {
    marks, strokeStyle: "#000", fillStyle: "#000", lineWidth: 1, globalAlpha: 1, font: "12px", textAlign: "left", textBaseline: "alphabetic",
    setTransform() {},
    clearRect() {},
    save: () => clips.push(0),
    restore: () => marks.push("</g>".repeat(clips.pop() ?? 0)),
    clip() {
      const name = `clip-${Math.random().toString(36).slice(2)}`
      marks.push(`<clipPath id="${name}"><path d="${path}"/></clipPath><g clip-path="url(#${name})">`)
      clips[clips.length - 1] += 1
    },
    setLineDash: (lengths) => (dash = lengths),
    beginPath: () => (path = ""),
    moveTo: (x, y) => (path += `M${round(x)} ${round(y)}`),
    lineTo: (x, y) => point("L", x, y),
    rect: (x, y, width, height) => (path += `M${round(x)} ${round(y)}h${round(width)}v${round(height)}h${round(-width)}z`),
    stroke: () => path && marks.push(`<path d="${path}" ${line()}${faint()}/>`),
    fill: () => path && marks.push(`<path d="${path}" fill="${pen.fillStyle}"${faint()}/>`),
    fillRect: (x, y, width, height) =>
      marks.push(`<rect x="${round(x)}" y="${round(y)}" width="${width}" height="${height}" fill="${pen.fillStyle}"${faint()}/>`),
    fillText(text, x, y) {
      const anchor = { left: "start", center: "middle", right: "end" }[pen.textAlign]
      const size = parseFloat(pen.font)
      const down = { top: 0.8, middle: 0.35, alphabetic: 0 }[pen.textBaseline] * size
      const place = `x="${round(x)}" y="${round(y + down)}" font-size="${size}" text-anchor="${anchor}"`
      marks.push(`<text ${place} fill="${pen.fillStyle}">${escaped(String(text))}</text>`)
    },
    drawImage(image, x, y, width, height) {
      const copy = document.createElement("canvas")
      copy.width = image.width
      copy.height = image.height
      copy.getContext("2d").drawImage(image, 0, 0)
      const place = `x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}"`
      marks.push(`<image ${place} preserveAspectRatio="none" href="${copy.toDataURL()}"/>`)
    },
  }
  return pen
}
