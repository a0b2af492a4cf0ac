export type Role = 'administrator' | 'leader' | 'clerk' | 'officer';
export interface Agency {
  id: string;
  name: string;
}
export interface Person {
  id: string;
  user_name: string;
  full_name: string;
  position: string;
  agency: Agency;
  roles: { role: Role; agency_id: string }[];
}
