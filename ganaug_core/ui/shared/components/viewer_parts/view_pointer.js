// Mouse and keys over an image: drag for the window, Shift or another button to move, the wheel to go through the list.
const STEP_AT = 60 // so far must a wheel or a touch pad be turned for the next image

function listenToCanvas(viewer, canvas, index) {
  let drag = null
  canvas.oncontextmenu = (event) => event.preventDefault()
  canvas.onpointerdown = (event) => {
    canvas.setPointerCapture(event.pointerId)
    canvas.focus({ preventScroll: true })
    const moves = event.button !== 0 || event.shiftKey
    drag = { x: event.clientX, y: event.clientY, window: [...viewer.window], place: { ...viewer.place }, moves }
    event.preventDefault()
  }
  canvas.onpointermove = (event) => {
    if (!drag) {
      showValues(viewer, event, canvas)
      return
    }
    const [right, down] = [event.clientX - drag.x, event.clientY - drag.y]
    if (drag.moves) {
      const box = canvas.getBoundingClientRect()
      placeAt(viewer, drag.place.scale, drag.place.x - right / box.width, drag.place.y - down / box.height)
    } else {
      const span = Math.max(drag.window[1] - drag.window[0], 1e-3)
      changeWindow(viewer, drag.window, (right / 200) * span, (-down / 200) * span)
    }
  }
  canvas.onpointerup = canvas.onpointercancel = () => {
    drag = null
    drawViewerTools(viewer)
  }
  canvas.onpointerleave = () => {
    viewer.cursor = null
    viewer.figures.forEach(({ value }) => (value.textContent = ""))
  }
  canvas.ondblclick = () => placeAt(viewer, 1, 0, 0)
  let turned = 0
  canvas.addEventListener("wheel", (event) => {
    if (event.ctrlKey) zoomViewer(viewer, Math.exp(-event.deltaY * 0.004), cursorIn(canvas, event))
    else if (viewer.onStep) {
      turned = Math.sign(turned) === Math.sign(event.deltaY) ? turned + event.deltaY : event.deltaY
      if (Math.abs(turned) < STEP_AT) return event.preventDefault()
      viewer.onStep(Math.sign(turned), index)
      turned = 0
    } else return
    event.preventDefault()
  }, { passive: false })
  canvas.onkeydown = (event) => handleViewerKey(viewer, event)
}

function cursorIn(canvas, event) {
  const box = canvas.getBoundingClientRect()
  return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height]
}

// keeps what lies at the place (a share of the image) where it is; without a place the middle
function zoomViewer(viewer, factor, at) {
  const { scale, x, y } = viewer.place
  const [across, down] = at ?? [x + 0.5 / scale, y + 0.5 / scale]
  const next = Math.min(16, Math.max(1, scale * factor))
  placeAt(viewer, next, across - (across - x) * (scale / next), down - (down - y) * (scale / next))
}

function placeAt(viewer, scale, x, y) {
  const inside = (value) => Math.min(1 - 1 / scale, Math.max(0, value))
  viewer.place = { scale, x: inside(x), y: inside(y) }
  viewer.root.dataset.zoom = scale.toFixed(2)
  drawViewer(viewer)
}

function handleViewerKey(viewer, event) {
  const span = viewer.window[1] - viewer.window[0]
  const windows = { ArrowLeft: [-0.05, 0], ArrowRight: [0.05, 0], ArrowUp: [0, 0.03], ArrowDown: [0, -0.03] }
  const steps = { PageUp: -1, PageDown: 1 }
  if (event.key in steps && viewer.onStep) viewer.onStep(steps[event.key], 0)
  else if (event.key in windows) {
    changeWindow(viewer, viewer.window, windows[event.key][0] * span, windows[event.key][1] * span)
    drawViewerTools(viewer)
  } else if (!viewerCommand(viewer, event)) return
  event.preventDefault()
  event.stopPropagation()
}

// what a key means wherever the focus is; false for a key that means nothing here
function viewerCommand(viewer, event) {
  const preset = event.shiftKey ? /^Digit([1-9])$/.exec(event.code) : null
  if (preset) return choosePreset(viewer, Number(preset[1]) - 1)
  const command = { i: "isInverted", s: "isSmooth" }[event.key]
  if (command) {
    viewer[command] = !viewer[command]
    drawViewerTools(viewer)
    drawViewer(viewer)
  } else if (event.key === "b" && viewer.second) setFlicker(viewer, !viewer.flicker)
  else if (event.key === "+" || event.key === "=") zoomViewer(viewer, 1.4)
  else if (event.key === "-") zoomViewer(viewer, 1 / 1.4)
  else if (event.key === "0") {
    keepWindow(viewer, null)
    placeAt(viewer, 1, 0, 0)
    drawViewerTools(viewer)
  } else return false
  return true
}
