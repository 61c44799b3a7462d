"""The same sentences said on two machines, and how far apart they are: deploy/check-arm64.sh asks for both."""
