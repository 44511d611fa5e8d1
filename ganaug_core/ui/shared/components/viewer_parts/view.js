// Viewer: images side by side in one window and one place, windowed here, so that dragging needs no server.
const FLICKER_MS = 600

function mountViewer(root) {
  return {
    root,
    panels: root.querySelector(".panels"),
    tools: root.querySelector(".toolbar"),
    windowText: root.querySelector(".window"),
    images: new Map(),
    loaded: new Map(),
    headers: new Map(),
    place: { scale: 1, x: 0, y: 0 },
    window: null,
    isSmooth: false,
    isInverted: false,
    isAligned: true,
  }
}

// Shows a request: panels, unit, scale, windows, start, clipped, difference, movement. What was kept is drawn at once.
async function showImages(viewer, request) {
  const isOtherUnit = viewer.request?.unit !== request.unit
  viewer.request = request
  const promises = request.panels.map((panel) => imageAt(viewer, panel.pixels))
  let images = request.panels.map((panel) => viewer.loaded.get(panel.pixels))
  if (!images.every(Boolean)) {
    try {
      images = await Promise.all(promises)
    } catch {
      if (viewer.request === request) viewerFailed(viewer)
      return
    }
    if (viewer.request !== request) return // another image was picked meanwhile
  }
  viewer.shown = images
  if (isOtherUnit || !viewer.window) viewer.window = viewer.wanted ?? rememberedWindow(request.unit) ?? firstWindow(viewer)
  viewer.isFlicked = false
  layoutViewer(viewer)
  drawViewerTools(viewer)
  if (viewer.cursor) showValues(viewer, viewer.cursor.event, viewer.cursor.canvas)
  viewer.root.dataset.ready = request.panels.map((panel) => panel.id).join(" ")
}

function viewerFailed(viewer) {
  viewer.shape = null
  viewer.panels.textContent = "The pixels could not be loaded. Reload the page."
}

function setFlicker(viewer, on) {
  clearInterval(viewer.flicker)
  viewer.flicker = 0
  viewer.isFlicked = false
  if (on)
    viewer.flicker = setInterval(() => {
      viewer.isFlicked = !viewer.isFlicked
      viewer.root.dataset.flicked = viewer.isFlicked
      drawViewer(viewer)
    }, FLICKER_MS)
  drawViewerTools(viewer)
  drawViewer(viewer)
}

function drawViewerTools(viewer) {
  const isCurrent = (window) => window.every((value, index) => Math.abs(value - viewer.window[index]) < 1e-6)
  const presets = windowPresets(viewer)
  const current = presets.findIndex(([, , window]) => isCurrent(window()))
  const buttons = presets.map(([name, tip, window], index) =>
    viewerButton(viewer, name, `${tip} Key: Shift and ${index + 1}.`, () => keepWindow(viewer, window()), index === current),
  )
  const gap = document.createElement("span")
  gap.className = "gap"
  const back = () => {
    keepWindow(viewer, null)
    viewer.place = { scale: 1, x: 0, y: 0 }
  }
  buttons.push(viewerButton(viewer, "Reset", "Back to the window of the first look, and to the whole image. Key: 0.", back), gap)
  const toggle = (name, key, tip, field) =>
    viewerButton(viewer, name, tip + (key ? ` Key: ${key}.` : ""), () => {
      viewer[field] = !viewer[field]
      layoutViewer(viewer)
    }, viewer[field])
  if (viewer.second && viewer.request.movement)
    buttons.push(
      toggle("Align", "", "The second image is flipped, turned, scaled and shifted as the audit found it to fit the first one best.", "isAligned"),
    )
  if (viewer.second)
    buttons.push(
      viewerButton(viewer, "Flicker", "Shows the second image, laid on the first, in turn with it. Key: B.", () => setFlicker(viewer, !viewer.flicker), Boolean(viewer.flicker)),
    )
  buttons.push(
    toggle("Invert", "I", "Black becomes white.", "isInverted"),
    toggle("Smooth", "S", "Blends the pixels when they are enlarged; without it each is a square.", "isSmooth"),
  )
  const focused = viewer.tools.getRootNode().activeElement
  const name = focused && viewer.tools.contains(focused) ? focused.textContent : null
  viewer.tools.replaceChildren(...buttons)
  if (name) buttons.find((button) => button.textContent === name)?.focus()
}

function viewerButton(viewer, text, tip, action, pressed) {
  const element = document.createElement("button")
  element.type = "button"
  element.textContent = text
  element.title = tip
  if (pressed !== undefined) element.setAttribute("aria-pressed", String(pressed))
  element.onclick = () => {
    action()
    drawViewerTools(viewer)
    drawViewer(viewer)
  }
  return element
}
