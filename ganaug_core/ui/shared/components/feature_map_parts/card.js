// The card beside the cursor: the image of a point, and its nearest training image.

function label(state, i) {
  return `${state.data.roles[state.role[i]]}, ${state.data.classes[state.label[i]]}, ${state.ids[i]}`
}

function address(state, i) {
  const { real, synthetic } = state.data.images
  return `${state.role[i] === SYNTHETIC ? synthetic : real}${state.ids[i]}.png`
}

function showCard(state) {
  const { card, hover } = state
  if (hover < 0) {
    card.style.display = "none"
    delete state.root.dataset.card
    return
  }
  const [first, second] = card.querySelectorAll("figure")
  const near = trainingOf(state, hover)
  fill(state, first, hover, label(state, hover))
  second.style.display = card.querySelector("b").style.display = near >= 0 ? "block" : "none"
  if (near >= 0) fill(state, second, near, `nearest training image: ${label(state, near)}`)
  card.style.display = "flex"
  const [x, y] = place(state, hover)
  const { clientWidth: width, clientHeight: height } = state.over
  const left = x + 18 + card.offsetWidth > width ? x - 18 - card.offsetWidth : x + 18
  card.style.left = `${Math.max(0, left)}px`
  card.style.top = `${Math.max(0, Math.min(height - card.offsetHeight, y - card.offsetHeight / 2))}px`
  state.root.dataset.card = state.ids[hover]
}

function fill(state, figure, i, text) {
  const image = figure.querySelector("img")
  const wanted = address(state, i)
  if (image.getAttribute("src") !== wanted) {
    image.onload = () => (state.root.dataset.pictured = state.ids[i])
    image.src = wanted
  }
  figure.querySelector("span").textContent = text
}
