/** How a session ended, as the server told it; `detail` is for people. */
export interface Lost {
  /** `reclaimed`, `released`, `taken_over`, `logged_out`, `handed_over`, `expired`, `bad_token`, ...; new words may come. */
  how?: string;
  /** What happened, in plain words, to be shown as it is. */
  detail: string;
  /** What support gave as the reason for a release. */
  reason?: string | null;
  /** When, by the server's clock, as RFC 3339 in UTC. */
  at?: string;
  [more: string]: unknown;
}

/** Somebody asks this user for the seat. */
export interface AskedFor {
  by: string;
  /** Until when an answer counts, by the server's clock, as RFC 3339 in UTC. */
  until: string;
  /** What `answer` wants. */
  handover: number;
}

/**
 * `live`: the server knows that the user is there. `dormant`: the server took the user for idle; the seat is kept until
 * somebody needs it. `offline`: the server does not answer; the client goes on trying. `lost`: the seat is gone.
 * `ended`: this page logged out or said goodbye. `undefined`: no answer yet.
 */
export type State = 'live' | 'dormant' | 'offline' | 'lost' | 'ended';

export interface Options {
  /** The seat token from the login's answer, as the page was rendered with. A newer one of the same session, kept by the browser, is preferred. */
  token: string;
  /** Where Seatledger is, without a slash at the end; by default the page's own origin. */
  server?: string;
  /** What a hidden page does: heartbeat no more (`silent`, the default), or go on, as idle. */
  whenHidden?: 'silent' | 'idle';
  /** The seat is gone, for good; called once in every tab. There is no call for this session after it. */
  onLost?(lost: Lost): void;
  /** Somebody asks for the seat; `null` when that is over. Called in every tab. */
  onAskedFor?(asked: AskedFor | null): void;
  /** There is a newer token; called in every tab. */
  onToken?(token: string): void;
  onState?(state: State): void;
}

export interface Seat {
  /** The newest token. */
  readonly token: string;
  readonly state: State | undefined;
  /** Gives the seat back at once. False if the server could not be told: the seat is then held until the lease is over. */
  logOut(): Promise<boolean>;
  /** Says that this page is done with the seat, as closing it would; nothing is called after it. */
  goodbye(): void;
  /** Gives the seat to who asked for it, or not. False if that did not reach the server, or came too late. */
  answer(handover: number, consent: boolean): Promise<boolean>;
}

/** Holds the seat that the token names until it is lost, logged out of, or let go. Throws `TypeError` for what is no token. */
export function hold(options: Options): Seat;
