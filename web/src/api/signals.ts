/** Live signals over one WebSocket. A signal carries only a topic; who hears it fetches again. */
import { useEffect, useEffectEvent } from "react";

type Listener = () => void;

const PING_MS = 25_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
/** As many as the server takes of one socket; whoever sends much more is hung up on. */
const TOPICS_MOST = 100;

class Signals {
  private readonly topics = new Map<string, Set<Listener>>();
  private readonly told = new Set<string>();
  private socket: WebSocket | null = null;
  private waitMs = FIRST_WAIT_MS;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private ping: ReturnType<typeof setInterval> | null = null;
  private lostBefore = false;

  subscribe(topic: string, listener: Listener): () => void {
    const listeners = this.topics.get(topic) ?? new Set();
    const fresh = listeners.size === 0;
    listeners.add(listener);
    this.topics.set(topic, listeners);
    if (fresh) this.tell(topic);
    this.connect();
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.topics.get(topic) === listeners) {
        this.topics.delete(topic);
        if (!this.told.delete(topic)) return;
        this.send({ op: "unsubscribe", topic });
        setTimeout(() => this.tellRest());
      }
    };
  }

  /** Signing in or out changes what may be heard: begin again with the new cookie. */
  restart(): void {
    this.socket?.close();
  }

  /** What there was no room for is heard from now on, and looks once at what it may have missed. */
  private tellRest(): void {
    for (const topic of this.topics.keys()) {
      if (this.told.has(topic)) continue;
      this.tell(topic);
      if (this.told.has(topic)) this.emit(topic);
    }
  }

  private tell(topic: string): void {
    if (this.socket?.readyState !== WebSocket.OPEN || this.told.size >= TOPICS_MOST) return;
    this.told.add(topic);
    this.send({ op: "subscribe", topic });
  }

  private send(message: { op: string; topic?: string }): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  private connect(): void {
    if (this.socket || this.timer || this.topics.size === 0) return;
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/v1/socket`);
    this.socket = socket;
    socket.onopen = () => {
      for (const topic of this.topics.keys()) this.tell(topic);
      this.ping = setInterval(() => this.send({ op: "ping" }), PING_MS);
      // Signals sent while the line was down are gone; everyone looks once.
      if (this.lostBefore) for (const topic of this.topics.keys()) this.emit(topic);
      this.lostBefore = false;
    };
    socket.onmessage = (event: MessageEvent<string>) => {
      // Only now: a server that has too many sockets opens one and hangs up.
      this.waitMs = FIRST_WAIT_MS;
      try {
        const message = JSON.parse(event.data) as { op?: string; topic?: string };
        if (message.op === "signal" && message.topic) this.emit(message.topic);
      } catch {
        // A message that is not ours says nothing.
      }
    };
    socket.onclose = () => {
      if (this.ping) clearInterval(this.ping);
      this.socket = null;
      this.told.clear();
      this.lostBefore = true;
      this.timer = setTimeout(() => {
        this.timer = null;
        this.connect();
      }, this.waitMs * (0.75 + Math.random() / 2));
      this.waitMs = Math.min(LONGEST_WAIT_MS, this.waitMs * 2);
    };
  }

  private emit(topic: string): void {
    for (const listener of this.topics.get(topic) ?? []) listener();
  }
}

export const signals = new Signals();

/** Calls back on each signal of a topic; a null topic listens to nothing. */
export function useSignal(topic: string | null, onSignal: Listener): void {
  const heard = useEffectEvent(onSignal);
  useEffect(() => {
    if (!topic) return;
    return signals.subscribe(topic, () => heard());
  }, [topic]);
}
