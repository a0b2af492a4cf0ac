import type { Route } from '../router/router.svelte';

export const routes: Route[] = [];
