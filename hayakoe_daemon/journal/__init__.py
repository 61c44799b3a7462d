"""Nothing spoken is lost or said twice: what is accepted is on the disk before anybody is told so."""
