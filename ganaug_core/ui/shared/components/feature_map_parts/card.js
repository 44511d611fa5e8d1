// The card beside the cursor: the image of a point, and its nearest training image.

function pointLabel(state, row) {
  if (state.labelOf) return state.labelOf(row)
  return `${state.data.roles[state.role[row]]}, ${state.data.classes[state.label[row]]}, ${state.ids[row]}`
}

function imageAddress(state, row) {
  const { real, synthetic } = state.data.images
  return `${state.role[row] === SYNTHETIC ? synthetic : real}${state.ids[row]}.png`
}

function showCard(state) {
  const { card, hover } = state
  if (hover < 0) {
    card.style.display = "none"
    delete state.root.dataset.card
    return
  }
  const [first, second] = card.querySelectorAll("figure")
  const training = trainingOf(state, hover)
  fillFigure(state, first, hover, pointLabel(state, hover))
  second.style.display = card.querySelector("b").style.display = training >= 0 ? "block" : "none"
  if (training >= 0) fillFigure(state, second, training, state.pairText?.(hover) ?? `nearest training image: ${pointLabel(state, training)}`)
  card.style.display = "flex"
  const [x, y] = screenPosition(state, hover)
  const { clientWidth: width, clientHeight: height } = state.overlay
  const left = x + 18 + card.offsetWidth > width ? x - 18 - card.offsetWidth : x + 18
  card.style.left = `${Math.max(0, left)}px`
  card.style.top = `${Math.max(0, Math.min(height - card.offsetHeight, y - card.offsetHeight / 2))}px`
  state.root.dataset.card = state.ids[hover]
}

function fillFigure(state, figure, row, text) {
  const image = figure.querySelector("img")
  const wanted = imageAddress(state, row)
  if (image.getAttribute("src") !== wanted) {
    image.onload = () => (state.root.dataset.pictured = state.ids[row])
    image.src = wanted
  }
  figure.querySelector("span").textContent = text
}
