"""Speed, as ratios against a reference measured in the same run: machines differ, ratios hardly."""
