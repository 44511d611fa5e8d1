// The map alone on a page.
const STATES = new WeakMap()

export default function ({ data, parentElement }) {
  let state = STATES.get(parentElement)
  if (!state) {
    state = newMap()
    STATES.set(parentElement, state)
    mountMap(state, parentElement.querySelector(".map"))
  }
  state.data = data
  state.send = () => {} // whoever looks at it picks for himself
  state.root.querySelector(".canvases").style.setProperty("--height", `${data.height}px`)
  if (state.points !== data.points) loadMap(state, data.points)
  else if (state.ids) refreshMap(state)
  return () => {
    state.observer.disconnect()
    STATES.delete(parentElement)
  }
}

