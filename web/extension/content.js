// In pages of the origins that this build names: hands questions on and answers back, and adds nothing.
const chromiumOrFirefox = globalThis.browser ?? globalThis.chrome;

addEventListener('message', (event) => {
  const asked = event.data;
  if (event.source !== window || event.origin !== location.origin || asked?.hoian !== 'token') return;
  const say = (answer) => postMessage({ hoian: 'token-answer', id: asked.id, ...answer }, location.origin);
  let ended = false;
  const port = chromiumOrFirefox.runtime.connect();
  port.onMessage.addListener((answer) => {
    if ('result' in answer || 'refusal' in answer) ended = true;
    say(answer);
  });
  port.onDisconnect.addListener(() => {
    if (!ended) say({ refusal: { kind: 'host-missing' } });
  });
  port.postMessage({ language: asked.language, command: asked.command });
  say({ heard: true });
});
