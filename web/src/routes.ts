import { routes as meeting } from './meeting/routes';
import type { Route } from './router/router.svelte';

export const routes: Route[] = [
  { paths: ['/'], load: () => import('./pages/home/Home.svelte'), access: 'person', frame: 'bar', place: 'work' },
  { paths: ['/dang-nhap'], load: () => import('./pages/login/LogIn.svelte'), access: 'public', frame: 'bare' },
  {
    paths: ['/cai-dat'],
    load: () => import('./pages/settings/Settings.svelte'),
    access: 'person',
    frame: 'bar',
  },
  ...meeting,
];

export const lost: Route = {
  paths: [],
  load: () => import('./pages/Lost.svelte'),
  access: 'public',
  frame: 'bar',
};
