// One dialog that asks for a name: of a set, of saved filters.

function askForName(bench, { title, says, suggested = "" }, then) {
  const dialog = bench.root.querySelector(".naming")
  const field = dialog.querySelector("input")
  dialog.setAttribute("aria-label", title)
  dialog.querySelector("p").textContent = says
  field.value = suggested
  dialog.onclose = () => {
    if (dialog.returnValue === "save") then(field.value.trim())
    dialog.returnValue = ""
  }
  dialog.showModal()
  field.select()
}
