import { holds } from './session.svelte';

/** What of the incoming documents waits for this person: the clerk answers, the leader instructs, the others handle. */
export type Duty = 'waiting' | 'to_instruct' | 'mine';

export const duty = (): Duty => (holds('clerk') ? 'waiting' : holds('leader') ? 'to_instruct' : 'mine');
