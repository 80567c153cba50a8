"""No tenant reads, changes, links to or learns of what another has."""
