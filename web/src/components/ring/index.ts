/**
 * The ring that closes when the thing is done: the one picture of the product. Each state has a form that is readable
 * without colour and a name for those who hear the page.
 */
export { default as LightRing, type Light } from './LightRing.svelte';
export { default as ShareRing } from './ShareRing.svelte';
export { default as VerdictRing, type Standing } from './VerdictRing.svelte';
export { default as WayRing } from './WayRing.svelte';
