import { Told } from "./Told";

/** In place of the settings of somebody through whose eyes an operator looks. */
export default function ShutWhileLooking() {
  return <Told title="Settings stay shut">You see this house as somebody else. Their settings, sign-ins and data are theirs alone; stop looking to come back to yours.</Told>;
}
