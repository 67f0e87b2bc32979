#include "store/timestamp.h"

#include <doctest/doctest.h>

#include <string>

using namespace kiosk;

TEST_CASE("a date-time with a zone is read as a moment in UTC") {
  struct Row {
    std::string text;
    std::string utc;
  };
  const Row rows[] = {
      {"2022-11-01T11:11:11.111Z", "2022-11-01T11:11:11.111Z"},
      {"2022-11-01T11:11:11Z", "2022-11-01T11:11:11.000Z"},
      {"2022-11-01t11:11:11z", "2022-11-01T11:11:11.000Z"},
      {"2022-11-01T11:11:11.1Z", "2022-11-01T11:11:11.100Z"},
      {"2022-11-01T11:11:11.01Z", "2022-11-01T11:11:11.010Z"},
      {"2022-11-01T11:11:11.9999Z", "2022-11-01T11:11:11.999Z"},
      {"2022-11-01T11:11:11.000999999999999999999999999999Z", "2022-11-01T11:11:11.000Z"},
      {"2022-11-01T13:11:11.111+02:00", "2022-11-01T11:11:11.111Z"},
      {"2022-11-01T05:41:11.111-05:30", "2022-11-01T11:11:11.111Z"},
      {"2022-11-01T11:11:11.111-00:00", "2022-11-01T11:11:11.111Z"},
      {"2022-01-01T00:30:00+01:00", "2021-12-31T23:30:00.000Z"},
      {"2022-12-31T23:30:00-23:59", "2023-01-01T23:29:00.000Z"},
      {"2024-02-29T12:00:00Z", "2024-02-29T12:00:00.000Z"},
      {"2000-02-29T00:00:00Z", "2000-02-29T00:00:00.000Z"},
      {"2024-03-01T00:30:00+01:00", "2024-02-29T23:30:00.000Z"},
      {"1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"},
      {"0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z"},
      {"0000-01-01T01:00:00+01:00", "0000-01-01T00:00:00.000Z"},
      {"9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto moment = ParseTimestamp(row.text);
    REQUIRE(moment.has_value());
    CHECK(FormatTimestamp(*moment) == row.utc);
  }
}

TEST_CASE("what is not a moment of the calendar with a zone is not read") {
  const std::string texts[] = {
      "",
      "2022-11-01",
      "2022-11-01T11:11:11",        // no zone
      "2022-11-01T11:11:11.111",    // no zone
      "2022-11-01T11:11Z",          // no seconds
      "2022-11-01 11:11:11Z",       // no T
      "2022-11-01T11:11:11.Z",      // a point and no fraction
      "2022-11-01T11:11:11,111Z",   // a comma
      "2022-11-01T11:11:11.111Z ",  // something after it
      " 2022-11-01T11:11:11.111Z",  // something in front
      "2022-11-01T11:11:11.111ZZ",  // two zones
      "2022-11-01T11:11:11+02",     // half a zone
      "2022-11-01T11:11:11+0200",   // a zone without its colon
      "2022-11-01T11:11:11+24:00",  // no such zone
      "2022-11-01T11:11:11+02:60",  // no such zone
      "2022-11-01T11:11:11+2:00",   // no such zone
      "2022-11-01T11:11:11 02:00",  // a plus sign that became a space
      "22-11-01T11:11:11Z",         // a short year
      "+2022-11-01T11:11:11Z",      // a signed year
      "12022-11-01T11:11:11Z",      // a long year
      "2022-1-01T11:11:11Z",        // a short month
      "2022-11-1T11:11:11Z",        // a short day
      "2022-00-01T11:11:11Z",       // no such month
      "2022-13-01T11:11:11Z",       // no such month
      "2022-11-00T11:11:11Z",       // no such day
      "2022-11-31T11:11:11Z",       // no such day
      "2022-02-29T11:11:11Z",       // not a leap year
      "1900-02-29T11:11:11Z",       // not a leap year
      "2022-02-30T11:11:11Z",       // never
      "2022-11-01T24:00:00Z",       // no such hour
      "2022-11-01T11:60:00Z",       // no such minute
      "2022-11-01T11:11:60Z",       // no such second
      "2016-12-31T23:59:60Z",       // a leap second
      "0000-01-01T00:00:00+00:01",  // before the calendar
      "9999-12-31T23:59:59-00:01",  // after the calendar
      "2022-11-01T-1:11:11Z",       // a sign
      "Tue, 01 Nov 2022 11:11:11 GMT",
      "1667301071111",
  };
  for (const std::string& text : texts) {
    CAPTURE(text);
    CHECK(ParseTimestamp(text) == std::nullopt);
  }
  CHECK(ParseTimestamp(std::string_view("2022-11-01T11:11:11Z\0", 21)) == std::nullopt);
}

TEST_CASE("milliseconds count from 1970 to both ends of the calendar") {
  CHECK(ParseTimestamp("1970-01-01T00:00:00Z") == Timestamp{0});
  CHECK(ParseTimestamp("1970-01-01T00:00:00.001Z") == Timestamp{1});
  CHECK(ParseTimestamp("1969-12-31T23:59:59.999Z") == Timestamp{-1});
  CHECK(ParseTimestamp("2022-11-01T11:11:11.111Z") == Timestamp{1667301071111});
  CHECK(ParseTimestamp("0000-01-01T00:00:00Z") == kMinTimestamp);
  CHECK(ParseTimestamp("9999-12-31T23:59:59.999Z") == kMaxTimestamp);
  CHECK(FormatTimestamp(kMinTimestamp) == "0000-01-01T00:00:00.000Z");
  CHECK(FormatTimestamp(kMaxTimestamp) == "9999-12-31T23:59:59.999Z");
}

TEST_CASE("a duration is a count of units, or several in a row") {
  struct Row {
    std::string text;
    std::optional<int64_t> ms;
  };
  const Row rows[] = {
      {"0", 0},
      {"0h", 0},
      {"3h", 10'800'000},
      {"90m", 5'400'000},
      {"45s", 45'000},
      {"250ms", 250},
      {"1h30m", 5'400'000},
      {"1h1m1s1ms", 3'661'001},
      {"8784h", 366LL * 24 * 3'600'000},
      {"31622400000ms", 366LL * 24 * 3'600'000},
      {"", std::nullopt},
      {"3", std::nullopt},
      {"00", std::nullopt},
      {"h", std::nullopt},
      {"3 h", std::nullopt},
      {"3H", std::nullopt},
      {"3d", std::nullopt},
      {"3hours", std::nullopt},
      {"-3h", std::nullopt},
      {"+3h", std::nullopt},
      {"1.5h", std::nullopt},
      {"1h30", std::nullopt},
      {"8785h", std::nullopt},
      {"8784h1ms", std::nullopt},
      {"999999999999h", std::nullopt},
      {"9999999999999999999999h", std::nullopt},
      {"99999999999999999999999999999999999999ms", std::nullopt},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(ParseDuration(row.text) == row.ms);
  }
}

TEST_CASE("a duration is written in the largest unit that divides it") {
  CHECK(FormatDuration(10'800'000) == "3 hours");
  CHECK(FormatDuration(3'600'000) == "1 hour");
  CHECK(FormatDuration(5'400'000) == "90 minutes");
  CHECK(FormatDuration(60'000) == "1 minute");
  CHECK(FormatDuration(45'000) == "45 seconds");
  CHECK(FormatDuration(1'000) == "1 second");
  CHECK(FormatDuration(1'500) == "1500 ms");
  CHECK(FormatDuration(1) == "1 ms");
}
