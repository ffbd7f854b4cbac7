/** Hands a text to the browser as a file, which goes where downloads go. */
export function saveFile(name: string, type: string, text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  // The browser has taken it by then; until then the address has to be good.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
