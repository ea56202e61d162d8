// Signing in with Discord: the way there, and what the address says after the way back.

const KEY = 'hazebot.discord-sign-in';
const LIFE = 15 * 60_000;
const SORRY = 'Signing in with Discord did not work. Try again.';
const PROBLEMS = {
  bad_state: 'This sign-in was not begun here, took too long, or is finished. Begin again.',
  access_denied: 'You did not agree at Discord, so nobody was signed in.',
  not_a_member: 'You are not a member of this community\'s Discord server.',
  blocked: 'This account is blocked.',
  discord_refused: 'Discord did not accept this sign-in. Begin again.',
  discord_unavailable: 'Discord does not answer right now. Try again in a while.',
};

/** Whoever comes back is signed in only where they set out: a link of somebody else's signs nobody in. */
export class DiscordSignIn {
  constructor({api, storage = localStorage, place = location, past = history}) {
    Object.assign(this, {api, storage, place, past});
  }

  /** To Discord's page. Throws `ApiError`. */
  async leave() {
    const address = await this.api.wayToDiscord();
    this.storage.setItem(KEY, JSON.stringify({at: Date.now(), hash: this.place.hash}));
    this.place.assign(address);
  }

  /** Take up what the address says, and clear it away. Why nobody was signed in, else nothing. */
  async arrive() {
    const said = new URLSearchParams(this.place.search);
    const [token, error] = [said.get('token'), said.get('error')];
    if (token === null && error === null) return '';
    const begun = this.#begun();
    this.past.replaceState(null, '', this.place.pathname + (begun?.hash ?? this.place.hash));
    if (!begun || token === null) return token === null ? PROBLEMS[error] ?? SORRY : this.#drop(token);
    return this.api.takeOver(token).then(() => '', (problem) => problem.retryable ? problem.message : SORRY);
  }

  async #drop(token) {
    await this.api.end(token);
    return PROBLEMS.bad_state;
  }

  #begun() {
    try {
      const begun = JSON.parse(this.storage.getItem(KEY));
      return begun && Date.now() - begun.at < LIFE ? begun : null;
    } catch {
      return null;
    } finally {
      this.storage.removeItem(KEY);
    }
  }
}
