// Missing groups: an outline round the real images of each with its number, and a list that says what is missing.
const REACH = 9 // an outline runs this far from its points, in CSS pixels
const BADGE = 22

function paintGroups(state) {
  const shown = state.shown.groups ? state.groups : []
  const pen = state.base.getContext("2d")
  const badges = badgePlaces(shown.map(({ members }) => middleMember(state, members)), middleOf(state))
  shown.forEach(({ members }, k) => {
    const bright = state.group === k
    pen.globalAlpha = bright || state.group < 0 ? 1 : 0.35
    pen.drawImage(outline(state, members, bright ? 3 : 1.5), 0, 0, state.base.clientWidth, state.base.clientHeight)
  })
  badges.forEach(([x, y], k) => paintBadge(pen, x, y, shown[k].place + 1, state.group < 0 || state.group === k))
  pen.globalAlpha = 1
  state.root.dataset.badges = JSON.stringify(badges)
}

// discs round all points, and smaller ones taken out of them: what is left runs round the whole group
function outline(state, members, width) {
  const sheet = (state.sheet ??= document.createElement("canvas"))
  sheet.width = state.base.width // also clears it
  sheet.height = state.base.height
  const pen = sheet.getContext("2d")
  const ratio = state.base.width / state.base.clientWidth
  pen.setTransform(ratio, 0, 0, ratio, 0, 0)
  const discs = (radius, colour) => {
    pen.fillStyle = colour
    pen.beginPath()
    for (const i of members) {
      const [x, y] = place(state, i)
      pen.moveTo(x + radius, y)
      pen.arc(x, y, radius, 0, 2 * Math.PI)
    }
    pen.fill()
  }
  discs(REACH + width + 1, DARK)
  discs(REACH + width, WHITE)
  pen.globalCompositeOperation = "destination-out"
  discs(REACH, WHITE)
  return sheet
}

// the place of the member that lies nearest to the middle, so that a number never stands between two halves
function middleMember(state, members) {
  const at = members.map((i) => place(state, i))
  const middle = [0, 1].map((axis) => at.map((each) => each[axis]).sort((a, b) => a - b)[at.length >> 1])
  const far = ([x, y]) => (x - middle[0]) ** 2 + (y - middle[1]) ** 2
  return at.reduce((best, each) => (far(each) < far(best) ? each : best))
}

// each number as near to its group's middle as it can be without covering another one or leaving the map
function badgePlaces(centres, [halfWidth, halfHeight]) {
  const placed = []
  const least = BADGE / 2 + 2
  const inside = (value, half) => Math.min(Math.max(least, value), 2 * half - least)
  const free = ([x, y]) => placed.every(([u, v]) => Math.hypot(x - u, y - v) > BADGE + 1)
  for (const [x, y] of centres) {
    let found = [inside(x, halfWidth), inside(y, halfHeight)]
    for (let turn = 0; !free(found) && turn < 400; turn++) {
      const away = 2 + turn / 2
      found = [inside(x + away * Math.cos(turn), halfWidth), inside(y + away * Math.sin(turn), halfHeight)]
    }
    placed.push(found)
  }
  return placed
}

function paintBadge(pen, x, y, number, bright) {
  pen.globalAlpha = bright ? 1 : 0.6
  pen.beginPath()
  pen.arc(x, y, BADGE / 2, 0, 2 * Math.PI)
  pen.fillStyle = DARK
  pen.fill()
  pen.strokeStyle = WHITE
  pen.lineWidth = 1.5
  pen.stroke()
  pen.fillStyle = WHITE
  pen.font = "600 12px sans-serif"
  pen.textAlign = "center"
  pen.textBaseline = "middle"
  pen.fillText(String(number), x, y + 0.5)
}

// the list below the map: pointing at an entry brightens its group, a click lists its real images below
function groupList(state) {
  const list = state.root.querySelector(".groups")
  state.root.querySelector(".missing").hidden = !state.shown.groups || !state.groups.length
  const look = (k) => () => {
    state.group = k ?? state.opened
    paint(state)
  }
  replace(
    list,
    state.groups.map(({ says, place }, k) => {
      const made = tool(`${place + 1}  ${says}`, () => {
        state.opened = state.opened === k ? -1 : k
        state.send("group", state.opened < 0 ? null : place)
        groupList(state)
        look()()
      }, state.opened === k)
      made.onpointerenter = made.onfocus = look(k)
      made.onpointerleave = made.onblur = look()
      return made
    }),
  )
}
