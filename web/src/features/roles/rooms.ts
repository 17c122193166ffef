/** Permissions in the order in which people read them: by room, as the API names it. */
const ROOMS: Record<string, string> = {
  accounts: "Accounts",
  admin: "Running the house",
  admission: "Sign-ups and invitations",
  files: "Files and storage",
  people: "Profiles",
  privacy: "Your data",
  roles: "Roles",
  videos: "Videos",
};

export function byRoom<T extends { room: string }>(items: T[]): { room: string; label: string; items: T[] }[] {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(item.room, [...(groups.get(item.room) ?? []), item]);
  return [...groups].map(([room, found]) => ({ room, label: roomWords(room), items: found })).sort((a, b) => a.label.localeCompare(b.label));
}

function roomWords(room: string): string {
  return ROOMS[room] ?? room.charAt(0).toUpperCase() + room.slice(1);
}
