// The images side by side: figures, captions, scale and paint. Figures are made anew only where their shape changes.

function layoutViewer(viewer) {
  const { panels, difference } = viewer.request
  const views = panels.map((panel, index) => ({ ...panel, image: viewer.shown[index] }))
  viewer.second = difference && comparable(...viewer.shown) ? secondLaidOn(viewer) : null
  if (viewer.second) views.splice(viewer.differenceLast ? views.length : 2, 0, differenceView(viewer, viewer.second))
  viewer.views = views
  const shape = JSON.stringify(views.map(({ image }) => [image.rows, image.columns, image.spacing]))
  if (viewer.shape !== shape) {
    viewer.shape = shape
    viewer.figures = views.map((view, index) => newFigure(viewer, view, index))
    viewer.panels.dataset.count = views.length
    viewer.panels.style.setProperty("--count", views.length)
    viewer.panels.replaceChildren(...viewer.figures.map(({ figure }) => figure))
  }
  views.forEach((view, index) => caption(viewer.figures[index], view))
  drawViewer(viewer)
}

function newFigure(viewer, view, index) {
  const figure = document.createElement("figure")
  const titled = document.createElement("figcaption")
  const canvas = document.createElement("canvas")
  canvas.width = view.image.columns
  canvas.height = view.image.rows
  canvas.tabIndex = 0
  canvas.setAttribute("role", "img")
  const [tall, wide] = view.image.spacing ?? [1, 1]
  figure.style.setProperty("--aspect", `${view.image.columns * wide} / ${view.image.rows * tall}`)
  const value = document.createElement("span")
  value.className = "value"
  const framed = document.createElement("div")
  framed.className = "framed"
  framed.append(canvas)
  const ruler = document.createElement("div")
  ruler.className = "ruler"
  if (view.image.spacing) framed.append(ruler)
  figure.append(titled, framed, value)
  listenToCanvas(viewer, canvas, index)
  return { figure, titled, canvas, value, ruler }
}

function caption({ titled, canvas }, view) {
  const note = document.createElement("small")
  note.textContent = view.note || "\u00a0"
  titled.replaceChildren(view.title, note)
  titled.title = view.help ?? ""
  canvas.setAttribute("aria-label", `${view.title}, ${view.note}. Arrow keys change the window.`)
}

// A bar of a round number of millimetres, at most a quarter of what is seen wide.
function drawRuler({ ruler }, { image }, scale) {
  if (!image.spacing) return
  const width = (image.columns * image.spacing[1]) / scale
  const lengths = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100]
  const length = lengths.filter((candidate) => candidate <= width / 4).pop() ?? lengths[0]
  ruler.style.width = `${(100 * length) / width}%`
  ruler.textContent = `${length} mm`
  ruler.dataset.millimetres = length
}

function drawViewer(viewer) {
  const started = performance.now()
  const [low, high] = viewer.window
  const { root, place, isFlicked } = viewer
  root.classList.toggle("pixelated", !viewer.isSmooth)
  for (const [index, view] of viewer.views.entries()) {
    const flicked = index === 0 && isFlicked && viewer.second
    paintImage(viewer.figures[index].canvas, flicked ? { image: viewer.second } : view, viewer.isInverted ? [high, low] : [low, high])
    viewer.figures[index].canvas.style.transform = `scale(${place.scale}) translate(${-100 * place.x}%, ${-100 * place.y}%)`
    drawRuler(viewer.figures[index], view, place.scale)
  }
  if (viewer.second) caption(viewer.figures[0], isFlicked ? { ...viewer.views[1], title: `Laid on: ${viewer.views[1].title}` } : viewer.views[0])
  const unit = unitText(viewer.request.unit)
  viewer.windowText.textContent = `Level ${rounded((low + high) / 2)}, width ${rounded(high - low)}${unit}`
  root.dataset.window = `${rounded(low)} ${rounded(high)}`
  root.dataset.drawn = (performance.now() - started).toFixed(2)
}

function paintImage(canvas, { image, isDifference }, [black, white]) {
  const { values, channels } = image
  const size = image.rows * image.columns
  const context = canvas.getContext("2d")
  const target = context.createImageData(image.columns, image.rows)
  const bottom = isDifference ? (black - white) / 2 : black
  const scale = 255 / (Math.sign(white - black || 1) * Math.max(1e-6, Math.abs(white - black)))
  const offset = (channel) => (channels >= 3 ? channel * size : 0)
  for (let index = 0; index < size; index++)
    for (let channel = 0; channel < 4; channel++)
      // Uint8ClampedArray rounds and clips
      target.data[4 * index + channel] = channel === 3 ? 255 : (values[offset(channel) + index] - bottom) * scale
  context.putImageData(target, 0, 0)
}

function showValues(viewer, event, canvas) {
  viewer.cursor = { event: { clientX: event.clientX, clientY: event.clientY }, canvas }
  const box = canvas.getBoundingClientRect()
  const across = (event.clientX - box.left) / box.width
  const down = (event.clientY - box.top) / box.height
  const unit = unitText(viewer.request.unit)
  for (const [index, { image }] of viewer.views.entries()) {
    const row = Math.min(image.rows - 1, Math.max(0, Math.floor(down * image.rows)))
    const column = Math.min(image.columns - 1, Math.max(0, Math.floor(across * image.columns)))
    const size = image.rows * image.columns
    const channels = image.channels >= 3 ? [0, 1, 2] : [0]
    const values = channels.map((channel) => image.values[channel * size + row * image.columns + column])
    const kind = channels.length > 1 ? "red, green, blue " : ""
    const said = values.map((value) => valueText(viewer, image, value)).join(", ")
    viewer.figures[index].value.textContent = `${kind}${said}${unit} at row ${row}, column ${column}`
  }
}

function valueText(viewer, image, value) {
  // what was clipped at import is known to lie at the end of the range or beyond it
  const [below, above] = viewer.request.clipped
  const beyond = below && value <= image.low ? "≤ " : above && value >= image.high ? "≥ " : ""
  return `${beyond}${rounded(value)}`
}

function rounded(value) {
  return Math.abs(value) >= 10 || Number.isInteger(value) ? String(Math.round(value)) : value.toFixed(3)
}
