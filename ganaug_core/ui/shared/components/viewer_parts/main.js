// The viewer alone on a page. With `series`, the first panel scrolls through images that lie behind each other.
const STATES = new WeakMap()

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".viewer")
  let viewer = STATES.get(parentElement)
  if (!viewer) {
    viewer = mountViewer(root)
    viewer.differenceLast = true
    STATES.set(parentElement, viewer)
  }
  const asked = JSON.stringify(data)
  if (viewer.asked !== asked) {
    viewer.asked = asked
    viewer.data = data
    viewer.index = data.index
    viewer.onStep = data.series ? (steps) => scrollTo(viewer, viewer.index + steps) : null
    delete root.dataset.ready
    prepareScroller(viewer, root.querySelector(".scroller"))
    showIndex(viewer)
  }
  return () => {
    setFlickerOff(viewer)
    STATES.delete(parentElement)
  }
}

function setFlickerOff(viewer) {
  clearInterval(viewer.flicker)
}

function prepareScroller(viewer, scroller) {
  const { series } = viewer.data
  viewer.scroller = scroller
  scroller.hidden = !series || series.length < 2
  const slider = scroller.querySelector("input")
  slider.max = (series?.length ?? 1) - 1
  slider.oninput = () => scrollTo(viewer, Number(slider.value))
}

function scrollTo(viewer, wanted) {
  const index = Math.min(viewer.data.series.length - 1, Math.max(0, wanted))
  if (index === viewer.index) return
  viewer.index = index
  showIndex(viewer)
}

function showIndex(viewer) {
  const { data, index, scroller } = viewer
  const panels = data.series ? [data.series[index], ...data.panels] : data.panels
  if (data.series) {
    scroller.querySelector("input").value = index
    scroller.querySelector("output").textContent = `${data.behind} ${index + 1} of ${data.series.length}`
  }
  showImages(viewer, { ...data, panels })
  // the next turn of the wheel finds its image here
  for (const step of [1, -1, 2, -2]) {
    const next = data.series?.[index + step]
    if (next) imageAt(viewer, next.pixels).catch(() => {})
  }
}
