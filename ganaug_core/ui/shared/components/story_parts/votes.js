// Hands are counted in the room; the numbers stay in this tab.
function votesOf(story, letters) {
  const box = element("div", "votes")
  const isSecond = story.data.chapters[story.place].kind === "end"
  const kept = isSecond ? story.second : story.first
  for (const letter of letters) {
    const group = element("div", "vote")
    group.setAttribute("role", "group")
    group.setAttribute("aria-label", `Votes for ${letter}`)
    const number = element("output", "", String(kept[letter] ?? 0))
    const change = (by) => {
      kept[letter] = Math.max(0, (kept[letter] ?? 0) + by)
      number.textContent = String(kept[letter])
      keepVotes(story)
    }
    const less = element("button", "", "−")
    const more = element("button", "", "+")
    for (const [button, by, words] of [[less, -1, "fewer"], [more, 1, "more"]]) {
      button.type = "button"
      button.setAttribute("aria-label", `One vote ${words} for ${letter}`)
      button.onclick = () => change(by)
    }
    story.keys[letter.toLowerCase()] = () => change(1)
    group.append(element("b", "", letter), less, number, more)
    if (isSecond && story.first[letter] !== undefined) group.append(element("span", "before", `before: ${story.first[letter]}`))
    box.append(group)
  }
  return box
}

function keepVotes(story) {
  sessionStorage.setItem("ganaug-votes", JSON.stringify([story.first, story.second]))
}

function readVotes() {
  try {
    const [first, second] = JSON.parse(sessionStorage.getItem("ganaug-votes")) ?? [{}, {}]
    return [first ?? {}, second ?? {}]
  } catch {
    return [{}, {}]
  }
}
