// Gallery: one sheet of images as the background of many buttons. Only the id of the picked image goes to Python.
const STATES = new WeakMap()

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".gallery")
  const tiles = root.querySelector(".tiles")
  const spoken = root.querySelector(".spoken")
  const state = STATES.get(parentElement) ?? { sheet: null, focus: 0, picked: null }
  STATES.set(parentElement, state)

  if (state.sheet !== data.sheet) build()
  mark()
  if (data.picked !== state.picked) {
    state.picked = data.picked
    const place = data.ids.indexOf(data.picked)
    if (place >= 0) moveTo(place, tiles.contains(tiles.getRootNode().activeElement))
  }
  select(data.picked)

  tiles.onclick = (event) => {
    const tile = event.target.closest("button")
    if (tile) pick(Number(tile.dataset.place))
  }
  tiles.onkeydown = (event) => {
    const perRow = Math.max(1, getComputedStyle(tiles).gridTemplateColumns.split(" ").length)
    const last = data.ids.length - 1
    const targets = {
      ArrowRight: state.focus + 1,
      ArrowLeft: state.focus - 1,
      ArrowDown: state.focus + perRow,
      ArrowUp: state.focus - perRow,
      Home: 0,
      End: last,
    }
    if (!(event.key in targets)) return
    event.preventDefault()
    event.stopPropagation()
    const target = targets[event.key]
    if (target >= 0 && target <= last) moveTo(target, true)
  }
  return () => STATES.delete(parentElement)

  function build() {
    state.sheet = data.sheet
    state.focus = 0
    delete root.dataset.ready
    root.style.setProperty("--size", `${data.size}px`)
    for (const [name, colour] of Object.entries(data.colours)) root.style.setProperty(`--${name}`, colour)
    tiles.setAttribute("aria-label", data.title)
    const rows = Math.ceil(data.ids.length / data.columns)
    tiles.replaceChildren(
      ...data.ids.map((id, place) => {
        const tile = document.createElement("button")
        tile.type = "button"
        tile.tabIndex = place === 0 ? 0 : -1
        tile.dataset.place = place
        tile.dataset.id = id
        tile.setAttribute("role", "option")
        tile.style.backgroundImage = `url("${data.sheet}")`
        tile.style.backgroundSize = `${data.columns * data.size}px ${rows * data.size}px`
        tile.style.backgroundPosition = `${-(place % data.columns) * data.size}px ${-Math.floor(place / data.columns) * data.size}px`
        return tile
      }),
    )
    const image = new Image()
    image.onload = () => (root.dataset.ready = String(data.ids.length))
    image.onerror = () => (spoken.textContent = "The images could not be loaded.")
    image.src = data.sheet
  }

  function mark() {
    for (const tile of tiles.children) {
      const place = Number(tile.dataset.place)
      const decision = data.marks[tile.dataset.id]
      const label = decision ? `${data.labels[place]}, ${decision}` : data.labels[place]
      tile.title = label
      tile.setAttribute("aria-label", label)
      if (tile.dataset.mark === decision) continue
      tile.replaceChildren()
      if (decision) {
        tile.dataset.mark = decision
        const sign = document.createElement("i")
        sign.dataset.mark = decision
        sign.textContent = data.signs[decision]
        tile.append(sign)
      } else delete tile.dataset.mark
    }
  }

  function moveTo(place, focus) {
    tiles.children[state.focus]?.setAttribute("tabindex", "-1")
    state.focus = place
    tiles.children[place].tabIndex = 0
    if (focus) tiles.children[place].focus()
  }

  function select(id) {
    for (const tile of tiles.children) tile.setAttribute("aria-selected", String(tile.dataset.id === id))
  }

  function pick(place) {
    moveTo(place, true)
    state.picked = data.ids[place]
    select(state.picked)
    spoken.textContent = tiles.children[place].getAttribute("aria-label")
    setStateValue("picked", state.picked)
  }
}
