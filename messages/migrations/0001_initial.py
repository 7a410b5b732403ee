import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.SlugField(unique=True)),
                ('frame', models.CharField(choices=[('neutral', 'Neutral text'), ('victim', 'Harm to the victim'), ('user', 'Harm to you'), ('both', 'Both harms'), ('other', 'Another appeal')], max_length=8)),
            ],
            options={
                'ordering': ['key'],
            },
        ),
        migrations.CreateModel(
            name='Theme',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.SlugField(unique=True)),
                ('number', models.PositiveSmallIntegerField(blank=True, null=True, unique=True)),
                ('name', models.CharField(max_length=120)),
                ('frame', models.CharField(choices=[('neutral', 'Neutral text'), ('victim', 'Harm to the victim'), ('user', 'Harm to you'), ('both', 'Both harms'), ('other', 'Another appeal')], max_length=8)),
                ('line', models.CharField(max_length=300)),
            ],
            options={
                'ordering': ['number', 'key'],
            },
        ),
        migrations.CreateModel(
            name='HelpLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.SlugField(unique=True)),
                ('name', models.CharField(max_length=120)),
                ('url', models.URLField()),
                ('lane', models.CharField(choices=[('affected', 'This happened to me'), ('self', 'I want to stop')], max_length=8)),
                ('audience', models.CharField(choices=[('adult', 'Adults'), ('under18', 'Under 18'), ('parent', 'Parent or carer'), ('anyone', 'Anyone')], default='anyone', max_length=8)),
                ('country', models.CharField(help_text='ISO code, or * for everywhere.', max_length=2)),
                ('language', models.CharField(default='en', max_length=8)),
                ('note', models.CharField(blank=True, help_text='For the person who needs it.', max_length=300)),
                ('staff_note', models.CharField(blank=True, help_text='For staff: shown on no public page.', max_length=300)),
                ('source', models.CharField(blank=True, max_length=300)),
                ('verified_on', models.DateField(blank=True, null=True)),
            ],
            options={
                'ordering': ['lane', 'audience', 'country', 'name'],
                'constraints': [models.CheckConstraint(condition=models.Q(('url__startswith', 'https://')), name='helplink_https_only')],
            },
        ),
        migrations.CreateModel(
            name='Revision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('submitted', 'Waiting for review'), ('approved', 'Approved'), ('withdrawn', 'Withdrawn')], default='draft', max_length=10)),
                ('claim_strength', models.CharField(choices=[('documented', 'Documented'), ('linked', 'Linked in studies'), ('reported', 'Reported by professionals'), ('value', 'A value, not a finding'), ('none', 'No claim')], max_length=10)),
                ('sources', models.JSONField(default=list, help_text='Citations, one string each.')),
                ('note', models.CharField(blank=True, max_length=500)),
                ('digest', models.CharField(blank=True, help_text='SHA-256 of the words as approved.', max_length=64)),
                ('author', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL)),
                ('message', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='revisions', to='messaging.message')),
            ],
            options={
                'ordering': ['message', 'number'],
            },
        ),
        migrations.CreateModel(
            name='Review',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('decision', models.CharField(choices=[('approved', 'Approved'), ('sent-back', 'Sent back'), ('withdrawn', 'Withdrawn')], max_length=10)),
                ('digest', models.CharField(max_length=64)),
                ('comment', models.CharField(blank=True, max_length=500)),
                ('at', models.DateTimeField()),
                ('reviewer', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL)),
                ('revision', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reviews', to='messaging.revision')),
            ],
            options={
                'ordering': ['at'],
            },
        ),
        migrations.CreateModel(
            name='Rendition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('locale', models.CharField(max_length=8)),
                ('headline', models.CharField(max_length=160)),
                ('body', models.TextField(max_length=1200)),
                ('revision', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='renditions', to='messaging.revision')),
            ],
            options={
                'ordering': ['revision', 'locale'],
            },
        ),
        migrations.AddField(
            model_name='message',
            name='theme',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='messaging.theme'),
        ),
        migrations.AddConstraint(
            model_name='revision',
            constraint=models.UniqueConstraint(fields=('message', 'number'), name='revision_number_once'),
        ),
        migrations.AddConstraint(
            model_name='revision',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'approved'), _negated=True), models.Q(('digest', ''), _negated=True), _connector='OR'), name='revision_approved_words_have_a_digest'),
        ),
        migrations.AddConstraint(
            model_name='rendition',
            constraint=models.UniqueConstraint(fields=('revision', 'locale'), name='rendition_locale_once'),
        ),
    ]
