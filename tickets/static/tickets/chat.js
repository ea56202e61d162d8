// The page: signing in, where one is (the address after #), and who tells whom.

import {Api} from './api.js';
import {ConversationView} from './conversation-view.js';
import {$, h} from './dom.js';
import {Inbox} from './inbox.js';
import {ListView} from './list-view.js';
import {NewTicket} from './new-ticket.js';
import {Conversation, Outbox} from './stream.js';

const ENDED = 'Your sign-in has ended. Sign in again to go on.';
const STAFF = ['admin', 'moderator'];
const api = new Api({onSignedOut: () => signedOut(ENDED), onRoleChanged: () => location.reload()});
const request = (method, path, options) => api.request(method, path, options);
const door = {token: () => api.token, renew: (refused) => api.renew(refused)};

let desk = null;

/** Everything that belongs to one signed-in person. */
class Desk {
  constructor({user_id: userId, name, role}) {
    this.me = {user_id: userId, name};
    this.staff = STAFF.includes(role);
    this.view = null;
    this.drafts = new Map();
    this.outbox = new Outbox({
      userId,
      deliver: ({ticketId, text, note, nonce}) => this.#deliver(ticketId, text, note, nonce),
      onDelivered: (entry, message) => this.#delivered(entry, message),
      onChange: () => this.view?.render(),
    });
    this.inbox = new Inbox({
      me: this.me, request, ...door,
      onChange: () => this.list?.render(),
      onState: () => this.showConnection(),
      isRead: (id) => !document.hidden && this.view?.following && this.view.conversation.ticketId === id,
    });
    this.list = new ListView(this.inbox, {staff: this.staff, me: this.me});
    $('who').textContent = name;
  }

  async #deliver(ticketId, text, note, nonce) {
    const path = `/api/tickets/${encodeURIComponent(ticketId)}/${note ? 'notes' : 'send'}`;
    const {message} = await request('POST', path, {body: {message: text, client_nonce: nonce}});
    return message;
  }

  #delivered({ticketId}, message) {
    if (this.view?.conversation.ticketId === ticketId) this.view.conversation.answered(message);
  }

  open() {
    this.inbox.open();
    this.outbox.kick();
    this.route();
    this.#learn();
  }

  /** Whether an owner may close: only a button hangs on it, so not knowing is no matter. */
  async #learn() {
    const options = await request('GET', '/api/tickets/options').catch(() => null);
    this.ownerMayClose = options?.owner_may_close ?? false;
    if (!this.view) return;
    this.view.ownerMayClose = this.ownerMayClose;
    this.view.render();
  }

  close() {
    this.#leave();
    this.inbox.close();
    this.outbox.stop();
  }

  nudge() {
    this.inbox.nudge();
    this.view?.conversation.nudge();
    this.outbox.kick();
  }

  route() {
    const [, kind = '', ticketId = ''] = location.hash.split('/');
    this.#leave();
    if (kind === 't' && /^[\w-]+$/.test(ticketId)) this.#show(ticketId);
    else if (kind === 'new') this.#new();
    else $('main').replaceChildren(h('p', {class: 'empty middle'}, 'Choose a ticket to read it.'));
    $('app').dataset.at = kind === 't' || kind === 'new' ? 'main' : 'list';
    this.list.current = this.view ? this.view.conversation.ticketId : null;
    this.list.render();
    this.showConnection();
  }

  #leave() {
    this.view?.close();
    this.view = null;
  }

  #new() {
    const form = new NewTicket({request, onOpened: (ticket) => { location.hash = `#/t/${ticket.ticket_id}`; }});
    $('main').replaceChildren(form.element);
    form.focus();
  }

  #show(ticketId) {
    let live = false;
    const conversation = new Conversation({
      ticketId, me: this.me, request, ...door,
      onDelivered: (nonce) => this.outbox.remove(nonce),
      onChange: () => {
        this.view?.render();
        if (conversation.state === 'live' && !live) this.outbox.kick();
        live = conversation.state === 'live';
        this.showConnection();
      },
    });
    this.view = new ConversationView(conversation, this.outbox, {
      staff: this.staff, me: this.me, drafts: this.drafts, ownerMayClose: this.ownerMayClose,
    });
    $('main').replaceChildren(this.view.element);
    conversation.open();
    this.view.focus();
  }

  showConnection() {
    const inbox = this.inbox.socket.state;
    const chat = this.view?.conversation.state ?? 'live';
    const live = inbox === 'open' && chat !== 'reconnecting';
    const text = live ? 'Live' : inbox === 'closed' ? '' : 'Reconnecting…';
    const place = $('connection');
    if (place.textContent !== text) place.textContent = text;
    place.classList.toggle('live', live);
  }
}

function start() {
  const person = api.signIn;
  desk?.close();
  desk = null;
  $('sign-in').hidden = Boolean(person);
  $('app').hidden = !person;
  if (person) {
    $('sign-in-form').reset();
    desk = new Desk(person);
    desk.open();
  } else {
    $('main').replaceChildren();
    $('username').focus();
  }
}

function signedOut(sentence = '') {
  start();
  complain(sentence);
}

function complain(sentence) {
  $('sign-in-problem').textContent = sentence;
  $('sign-in-problem').hidden = !sentence;
}

$('sign-in-form').addEventListener('submit', async (event) => {
  event.preventDefault();
  const {username, password} = Object.fromEntries(new FormData(event.target));
  const button = event.target.querySelector('button');
  button.disabled = true;
  complain('');
  try {
    await api.login(username, password);
    start();
  } catch (error) {
    complain(error.message);
    $('password').select();
  } finally {
    button.disabled = false;
  }
});

$('sign-out').addEventListener('click', async () => {
  const done = api.logout();
  location.hash = '#/';
  signedOut();
  await done;
});

window.addEventListener('hashchange', () => desk?.route());
window.addEventListener('online', () => desk?.nudge());
document.addEventListener('visibilitychange', () => {
  if (document.hidden) return;
  desk?.nudge();
  desk?.inbox.load();
  desk?.view?.render();
});
window.addEventListener('storage', ({key}) => {
  if (key !== null && desk && key === desk.outbox.key) desk.view?.render();
  else if (api.signIn?.user_id !== desk?.me.user_id) start();
});

start();
