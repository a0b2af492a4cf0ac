import { routes as meeting } from './meeting/routes';
import type { Route } from './router/router.svelte';

const admin = { access: 'person', frame: 'bar', place: 'admin' } as const;
const documents = { access: 'person', frame: 'bar', place: 'documents' } as const;

export const routes: Route[] = [
  { paths: ['/'], load: () => import('./pages/home/Home.svelte'), access: 'person', frame: 'bar', place: 'work' },
  { paths: ['/dang-nhap'], load: () => import('./pages/login/LogIn.svelte'), access: 'public', frame: 'bare' },
  { paths: ['/quen-mat-khau'], load: () => import('./pages/login/Forgotten.svelte'), access: 'public', frame: 'bar' },
  { paths: ['/mat-khau'], load: () => import('./pages/login/NewPassword.svelte'), access: 'public', frame: 'bar' },
  {
    paths: ['/cai-dat'],
    load: () => import('./pages/settings/Settings.svelte'),
    access: 'person',
    frame: 'bar',
  },
  { paths: ['/thong-bao'], load: () => import('./follow/Notices.svelte'), access: 'person', frame: 'bar' },
  { paths: ['/ho-so'], load: () => import('./follow/Files.svelte'), ...documents },
  { paths: ['/ho-so/:id'], load: () => import('./follow/CaseFile.svelte'), ...documents },
  { paths: ['/van-ban'], load: () => import('./pages/documents/Documents.svelte'), ...documents },
  { paths: ['/giu-so'], load: () => import('./pages/registers/Numbers.svelte'), ...documents },
  { paths: ['/ban-sao'], load: () => import('./outgoing/Copies.svelte'), ...documents },
  { paths: ['/tim'], load: () => import('./pages/documents/Search.svelte'), ...documents },
  { paths: ['/van-ban/moi'], load: () => import('./outgoing/draft/Draft.svelte'), ...documents },
  { paths: ['/van-ban/:id/sua'], load: () => import('./outgoing/draft/Edit.svelte'), ...documents },
  { paths: ['/van-ban/:id'], load: () => import('./pages/documents/Document.svelte'), ...documents },
  { paths: ['/van-ban/:id/ky'], load: () => import('./pages/sign/Sign.svelte'), access: 'person', frame: 'bare' },
  { paths: ['/van-ban-den/vao-so'], load: () => import('./incoming/RegisterPaper.svelte'), ...documents },
  { paths: ['/van-ban-den', '/van-ban-den/:id'], load: () => import('./pages/inbox/Inbox.svelte'), ...documents },
  {
    paths: ['/so-dang-ky', '/so-dang-ky/:register'],
    load: () => import('./pages/registers/Registers.svelte'),
    ...documents,
  },
  {
    paths: ['/kiem-tra'],
    load: () => import('./pages/verify/Verify.svelte'),
    access: 'public',
    frame: 'bar',
    place: 'verify',
  },
  {
    paths: ['/tra-cuu/:word'],
    load: () => import('./pages/verify/Record.svelte'),
    access: 'public',
    frame: 'bar',
    place: 'verify',
  },
  {
    paths: ['/kiem-tra-ket-noi'],
    load: () => import('./line-test/Page.svelte'),
    access: 'public',
    frame: 'bar',
    place: 'meetings',
  },
  { paths: ['/quan-tri'], load: () => import('./admin/People.svelte'), ...admin },
  { paths: ['/quan-tri/nguoi/:id'], load: () => import('./admin/Person.svelte'), ...admin },
  { paths: ['/quan-tri/co-quan'], load: () => import('./admin/Agencies.svelte'), ...admin },
  { paths: ['/quan-tri/co-quan/:id'], load: () => import('./admin/Agency.svelte'), ...admin },
  { paths: ['/quan-tri/khoa'], load: () => import('./admin/ApiKeys.svelte'), ...admin },
  { paths: ['/quan-tri/tin-cay'], load: () => import('./admin/Trust.svelte'), ...admin },
  { paths: ['/quan-tri/thay-the'], load: () => import('./admin/Substitutions.svelte'), ...admin },
  { paths: ['/quan-tri/danh-sach'], load: () => import('./admin/Lists.svelte'), ...admin },
  { paths: ['/quan-tri/tinh-trang'], load: () => import('./admin/House.svelte'), ...admin },
  ...meeting,
];

export const lost: Route = {
  paths: [],
  load: () => import('./pages/Lost.svelte'),
  access: 'public',
  frame: 'bar',
};
