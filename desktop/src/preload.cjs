// Runs sandboxed before the softphone's page. It hands over one thing: numbers of tel: links for the dial field.
const { contextBridge, ipcRenderer } = require('electron');

contextBridge.exposeInMainWorld('tonegateDesktop', {
  onDial(listener) {
    ipcRenderer.on('tonegate:dial', (_event, number) => listener(String(number)));
    void ipcRenderer.invoke('tonegate:dial-listen').then((number) => {
      if (number !== null) listener(String(number));
    });
  },
});
