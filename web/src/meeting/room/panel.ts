/** What stands beside the pictures. */
export type Panel = 'people' | 'chat' | 'papers' | 'roll' | 'agenda' | 'votes' | 'minutes';
