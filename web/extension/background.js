// Between a page and the host: the origin is the browser's word, never the page's.
const chromiumOrFirefox = globalThis.browser ?? globalThis.chrome;
const HOST = 'vn.hoian.token';

chromiumOrFirefox.runtime.onConnect.addListener((page) => {
  const { sender } = page;
  // A frame inside another's page is not what the person sees in the address bar.
  if (sender?.id !== chromiumOrFirefox.runtime.id || sender.frameId !== 0 || !sender.url) return page.disconnect();
  const origin = sender.origin ?? new URL(sender.url).origin;
  page.onMessage.addListener(({ language, command }) => {
    const host = chromiumOrFirefox.runtime.connectNative(HOST);
    let ended = false;
    host.onMessage.addListener(({ progress, result, refusal }) => {
      if (progress !== undefined) return page.postMessage({ progress });
      ended = true;
      page.postMessage(refusal ? { refusal } : { result });
      host.disconnect();
      page.disconnect();
    });
    // It is not installed, or it has ended: the page hears of a port that closed without an answer.
    host.onDisconnect.addListener(() => {
      void chromiumOrFirefox.runtime.lastError;
      if (!ended) page.disconnect();
    });
    // A page that is closed takes its window of the PIN with it.
    page.onDisconnect.addListener(() => {
      if (!ended) host.disconnect();
    });
    host.postMessage({ id: 1, origin, language, command });
  });
});
