import type { Route } from '../router/router.svelte';

export const routes: Route[] = [
  { paths: ['/hop'], load: () => import('./list/List.svelte'), access: 'person', frame: 'bar', place: 'meetings' },
  {
    paths: ['/lay-y-kien'],
    load: () => import('./opinions/List.svelte'),
    access: 'person',
    frame: 'bar',
    place: 'meetings',
  },
  {
    paths: ['/lay-y-kien/:id'],
    load: () => import('./opinions/Opinion.svelte'),
    access: 'person',
    frame: 'bar',
    place: 'meetings',
  },
  {
    paths: ['/lich-hop'],
    load: () => import('./prepare/Calendar.svelte'),
    access: 'person',
    frame: 'bar',
    place: 'meetings',
  },
  {
    paths: ['/hop/:id/chuan-bi'],
    load: () => import('./prepare/Prepare.svelte'),
    access: 'person',
    frame: 'bar',
    place: 'meetings',
  },
  {
    paths: ['/hop/:id/bien-ban'],
    load: () => import('./minutes/Page.svelte'),
    access: 'person',
    frame: 'bar',
    place: 'meetings',
  },
  {
    paths: ['/hop/:id/duong-truyen'],
    load: () => import('./lines/Lines.svelte'),
    access: 'person',
    frame: 'bar',
    place: 'meetings',
  },
  {
    paths: ['/hop/:id/bang-thu'],
    load: () => import('./board/Board.svelte'),
    access: 'person',
    frame: 'bar',
    place: 'meetings',
  },
  { paths: ['/hop/:code/thu'], load: () => import('./trial/Trial.svelte'), access: 'public', frame: 'bare' },
  {
    paths: ['/hop/:code/goi-thu/:seat'],
    load: () => import('./trial/Trial.svelte'),
    access: 'person',
    frame: 'bare',
  },
  { paths: ['/vao-hop'], load: () => import('./door/EnterByCode.svelte'), access: 'public', frame: 'bar' },
  { paths: ['/hop/:code'], load: () => import('./door/Door.svelte'), access: 'public', frame: 'bare' },
];
