// What a vendor's page does with its seat; the page is example.html.

import { hold } from './seat.js';

const find = selector => document.querySelector(selector);
const asked = find('#asked');
let handover;

const seat = hold({
  token: find('meta[name=seat-token]').content,
  server: find('meta[name=seat-server]').content,
  onState(state) {
    find('#state').textContent = state;
  },
  onLost({ detail }) {
    asked.close();
    find('#lost').textContent = detail;
    find('#lost').hidden = false;
    find('#log-out').disabled = true;
  },
  onAskedFor(request) {
    if (!request) return asked.close();
    handover = request.handover;
    find('#by').textContent = request.by;
    asked.showModal();
  },
});

asked.addEventListener('click', ({ target }) => {
  if (!target.value) return;
  asked.close();
  seat.answer(handover, target.value === 'yes');
});
find('#log-out').addEventListener('click', async () => {
  await seat.logOut();
  location = '/signed-out';
});
