import "./components/app-shell.js";
import { list, stream } from "./core/app.js";

// The stream comes first: what happens after its subscription it tells, what happened before the
// list has. Without a stream the list is read all the same.
stream.addEventListener("fresh", () => void list.reset());
stream.addEventListener("state", () => {
  if (stream.state === "offline" && list.state === "unread") void list.reset();
  if (stream.state === "live" && list.state === "failed") void list.more();
});
stream.start();
