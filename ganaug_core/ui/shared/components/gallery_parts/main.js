// Gallery: one sheet of images as the background of many buttons. Only the id of the picked image goes to Python.
const STATES = new WeakMap()

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".gallery")
  const tiles = root.querySelector(".tiles")
  const announcement = root.querySelector(".announcement")
  const state = STATES.get(parentElement) ?? { sheet: null, focus: 0, picked: null }
  STATES.set(parentElement, state)

  if (state.sheet !== data.sheet) buildTiles()
  drawMarks()
  if (data.picked !== state.picked) {
    state.picked = data.picked
    const index = data.ids.indexOf(data.picked)
    if (index >= 0) moveFocusTo(index, tiles.contains(tiles.getRootNode().activeElement))
  }
  markSelected(data.picked)

  tiles.onclick = (event) => {
    const tile = event.target.closest("button")
    if (tile) pick(Number(tile.dataset.index))
  }
  tiles.onkeydown = (event) => {
    const columns = Math.max(1, getComputedStyle(tiles).gridTemplateColumns.split(" ").length)
    const last = data.ids.length - 1
    const targets = {
      ArrowRight: state.focus + 1,
      ArrowLeft: state.focus - 1,
      ArrowDown: state.focus + columns,
      ArrowUp: state.focus - columns,
      Home: 0,
      End: last,
    }
    if (!(event.key in targets)) return
    event.preventDefault()
    event.stopPropagation()
    const target = targets[event.key]
    if (target >= 0 && target <= last) moveFocusTo(target, true)
  }
  return () => STATES.delete(parentElement)

  function buildTiles() {
    state.sheet = data.sheet
    state.focus = 0
    delete root.dataset.ready
    root.style.setProperty("--size", `${data.size}px`)
    for (const [name, colour] of Object.entries(data.colours)) root.style.setProperty(`--${name}`, colour)
    tiles.setAttribute("aria-label", data.title)
    const rows = Math.ceil(data.ids.length / data.columns)
    tiles.replaceChildren(
      ...data.ids.map((id, index) => {
        const tile = document.createElement("button")
        tile.type = "button"
        tile.tabIndex = index === 0 ? 0 : -1
        tile.dataset.index = index
        tile.dataset.id = id
        tile.setAttribute("role", "option")
        tile.style.backgroundImage = `url("${data.sheet}")`
        tile.style.backgroundSize = `${data.columns * data.size}px ${rows * data.size}px`
        const [column, row] = [index % data.columns, Math.floor(index / data.columns)]
        tile.style.backgroundPosition = `${-column * data.size}px ${-row * data.size}px`
        return tile
      }),
    )
    const image = new Image()
    image.onload = () => (root.dataset.ready = String(data.ids.length))
    image.onerror = () => (announcement.textContent = "The images could not be loaded.")
    image.src = data.sheet
  }

  function drawMarks() {
    for (const tile of tiles.children) {
      const index = Number(tile.dataset.index)
      const decision = data.marks[tile.dataset.id]
      const label = decision ? `${data.labels[index]}, ${decision}` : data.labels[index]
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

  function moveFocusTo(index, focus) {
    tiles.children[state.focus]?.setAttribute("tabindex", "-1")
    state.focus = index
    tiles.children[index].tabIndex = 0
    if (focus) tiles.children[index].focus()
  }

  function markSelected(id) {
    for (const tile of tiles.children) tile.setAttribute("aria-selected", String(tile.dataset.id === id))
  }

  function pick(index) {
    moveFocusTo(index, true)
    state.picked = data.ids[index]
    markSelected(state.picked)
    announcement.textContent = tiles.children[index].getAttribute("aria-label")
    setStateValue("picked", state.picked)
  }
}
