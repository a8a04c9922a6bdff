"""Where usage comes from: ports to backup services, and the files they export.

Everything foreign is read and checked here and leaves as plain values of the billing core. Nothing in this
package knows the database, the web pages or HaloPSA.
"""
