// Two maps side by side. The server hears of nothing.
const TWINS = new WeakMap()

export default function ({ data, parentElement }) {
  let twins = TWINS.get(parentElement)
  if (!twins) {
    const root = parentElement.querySelector(".twins")
    twins = { root, said: root.querySelector(".said"), states: [] }
    TWINS.set(parentElement, twins)
    for (const side of root.querySelectorAll(".side")) {
      const state = newMap()
      twins.states.push(state)
      mountMap(state, side.querySelector(".map"))
      const { overlay } = state
      for (const kind of ["pointermove", "pointerleave", "wheel", "keydown", "click"]) overlay.addEventListener(kind, () => linkHover(twins, state))
      side.querySelector(".toolbar").addEventListener("click", () => linkView(twins, state))
      state.send = (what, value) => (what === "picked" ? linkPick(twins, state, value) : linkLasso(twins, state, value))
    }
  }
  const sections = twins.root.querySelectorAll(".side")
  const loads = data.sides.map((side, place) => {
    const state = twins.states[place]
    sections[place].querySelector("h2").textContent = side.title
    sections[place].querySelector(".faithful").textContent = side.says
    sections[place].setAttribute("aria-label", side.title)
    state.data = { ...side, picked: null, chosen: [], links: [], groups: [], shown: { links: false, groups: false }, gathers: true }
    return state.points === side.points ? null : loadMap(state, side.points)
  })
  Promise.all(loads).then(() => {
    if (!twins.states.every(({ ids }) => ids)) return
    twins.isOneCanvas = haveOneCanvas(twins.states)
    twins.said.textContent = placesText(twins)
    twins.root.dataset.ready = twins.isOneCanvas ? "one canvas" : "two canvases"
  })
  return () => {
    for (const { observer } of twins.states) observer.disconnect()
    TWINS.delete(parentElement)
  }
}
