/* rooms.h - the order of the rooms: the one table that the README.md of each folder draws. */
#ifndef PDLT_TESTS_REPO_ROOMS_H
#define PDLT_TESTS_REPO_ROOMS_H

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace rooms {

/* A room uses rooms of the floors below it in its folder, and every room of the folders that its
 * folder sees. Rooms of one floor do not know each other. "" are the files of the folder itself. */
struct Folder {
  std::string name;
  std::set<std::string> sees;
  std::vector<std::set<std::string>> floors; /* from the ground up */
};

inline const std::vector<Folder> house = {
    {"base",
     {},
     {{"core"}, {"vector", "file"}, {"random", "activation"}, {"experiment"}, {"translate"}}},
    {"datasets", {"base"}, {{""}}},
    {"theory",
     {"base", "datasets"},
     {{"gauss", "bracket", "terms", "information"},
      {"infinite"},
      {"tensors"},
      {"skip"},
      {"order_one", "kink", "posterior"},
      {"predict"}}},
    {"trainer",
     {"base", "datasets"},
     {{"network", "statistics"},
      {"measure", "posterior"},
      {"record"},
      {"control"},
      {"draw"},
      {"pilot", "features"},
      {"output"},
      {"run"}}},
    {"compare",
     {"base"},
     {{"text", "statistics"},
      {"plot", "reach"},
      {"join"},
      {"verdict"},
      {"claim"},
      {"figure"},
      {"page"}}},
    {"cli", {"base", "datasets", "theory", "trainer", "compare"}, {{"study"}, {""}}},
};

/* What is blind to more than its floor says: pairs of a room and a room that it does not use. */
inline const std::set<std::pair<std::string, std::string>> blind = {
    {"compare/plot", "base/experiment"},
    {"compare/statistics", "base/file"},
    {"trainer/statistics", "base/experiment"},
    {"trainer/statistics", "datasets"},
};

/* Folder and floor of a room, or -1. */
inline int FolderOf(const std::string &room) {
  const std::string name = room.substr(0, room.find('/'));
  for (size_t f = 0; f < house.size(); f++)
    if (house[f].name == name) return static_cast<int>(f);
  return -1;
}

inline int FloorOf(const std::string &room) {
  const int folder = FolderOf(room);
  const std::string name = room.find('/') == room.npos ? "" : room.substr(room.find('/') + 1);
  for (size_t f = 0; folder >= 0 && f < house[folder].floors.size(); f++)
    if (house[folder].floors[f].count(name)) return static_cast<int>(f);
  return -1;
}

/* "trainer/run" of "trainer/run/shard.c"; "cli" of "cli/main.c"; a path from the root. */
inline std::string RoomOf(const std::string &path) {
  const size_t folder = path.find('/'), room = path.find('/', folder + 1);
  return path.substr(0, room == path.npos ? folder : room);
}

/* Whether files of `from` may include, call and read what is in `to`. */
inline bool MayUse(const std::string &from, const std::string &to) {
  if (FloorOf(from) < 0 || FloorOf(to) < 0) return false;
  if (from == to) return true;
  if (FolderOf(from) == FolderOf(to)) return FloorOf(to) < FloorOf(from);
  return house[FolderOf(from)].sees.count(house[FolderOf(to)].name) && !blind.count({from, to});
}

}  // namespace rooms

#endif
